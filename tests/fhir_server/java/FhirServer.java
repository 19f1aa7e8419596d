import ca.uhn.fhir.batch2.jobs.config.Batch2JobsConfig;
import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.interceptor.api.Hook;
import ca.uhn.fhir.interceptor.api.Interceptor;
import ca.uhn.fhir.interceptor.api.Pointcut;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings.ClientIdStrategyEnum;
import ca.uhn.fhir.jpa.api.config.ThreadPoolFactoryConfig;
import ca.uhn.fhir.jpa.batch2.JpaBatch2Config;
import ca.uhn.fhir.jpa.config.HapiJpaConfig;
import ca.uhn.fhir.jpa.config.r4.JpaR4Config;
import ca.uhn.fhir.jpa.config.util.HapiEntityManagerFactoryUtil;
import ca.uhn.fhir.jpa.model.config.PartitionSettings;
import ca.uhn.fhir.jpa.model.config.SubscriptionSettings;
import ca.uhn.fhir.jpa.model.dialect.HapiFhirH2Dialect;
import ca.uhn.fhir.jpa.provider.IJpaSystemProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.jpa.subscription.channel.config.SubscriptionChannelConfig;
import ca.uhn.fhir.parser.StrictErrorHandler;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.exceptions.AuthenticationException;
import ca.uhn.fhir.rest.server.interceptor.RequestValidatingInterceptor;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import jakarta.persistence.EntityManagerFactory;
import jakarta.servlet.http.HttpServletRequest;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import javax.sql.DataSource;
import org.apache.commons.dbcp2.BasicDataSource;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.orm.jpa.JpaTransactionManager;
import org.springframework.orm.jpa.LocalContainerEntityManagerFactoryBean;

/**
 * HAPI FHIR R4 over an empty database in memory, on a free port of loopback. Writes its root to standard output when
 * it is ready, and ends when its standard input does, so that it outlives nobody. One store is served twice: below
 * /fhir in pages as large as asked for, and below /paged in pages of two. The arguments are addresses under which others
 * know this server: references to them are references to its own resources.
 */
public final class FhirServer {
    private static final Map<String, Integer> PAGES = Map.of("fhir", 1000, "paged", 2);

    public static void main(String[] arguments) throws Exception {
        Store.known = Set.of(arguments);
        ApplicationContext beans = new AnnotationConfigApplicationContext(Store.class);
        var context = new ServletContextHandler();
        PAGES.forEach((name, size) -> context.addServlet(new ServletHolder(rest(beans, size)), "/" + name + "/*"));
        var server = new Server(new InetSocketAddress("127.0.0.1", 0));
        server.setHandler(context);
        server.start();
        System.out.println("http://127.0.0.1:" + ((ServerConnector) server.getConnectors()[0]).getLocalPort());
        while (System.in.read() >= 0) {}
        Runtime.getRuntime().halt(0); // there is nothing to save
    }

    /** Refuses unknown search parameters (HAPI's own way), unknown elements, and resources that are not valid R4. */
    private static RestfulServer rest(ApplicationContext beans, int page) {
        var context = beans.getBean(FhirContext.class);
        context.setParserErrorHandler(new StrictErrorHandler());
        var rest = new RestfulServer(context);
        rest.registerProviders(beans.getBean(ResourceProviderFactory.class).createProviders());
        rest.registerProvider(beans.getBean(IJpaSystemProvider.class));
        var paging = beans.getAutowireCapableBeanFactory().createBean(DatabaseBackedPagingProvider.class);
        paging.setDefaultPageSize(page);
        paging.setMaximumPageSize(page);
        rest.setPagingProvider(paging);
        rest.registerInterceptor(new Bearer(System.getenv("FHIR_TOKEN")));
        var validating = new RequestValidatingInterceptor();
        validating.addValidatorModule(beans.getBean(FhirInstanceValidator.class));
        validating.setFailOnSeverity(ResultSeverityEnum.ERROR);
        rest.registerInterceptor(validating);
        return rest;
    }

    /** 401 for every call that does not bring the token. */
    @Interceptor
    public record Bearer(String token) {
        @Hook(Pointcut.SERVER_INCOMING_REQUEST_PRE_PROCESSED)
        public boolean check(HttpServletRequest request) {
            if (!("Bearer " + token).equals(request.getHeader("Authorization"))) {
                throw new AuthenticationException("A token is needed");
            }
            return true;
        }
    }

    @Configuration
    @Import({
        JpaR4Config.class,
        HapiJpaConfig.class,
        JpaBatch2Config.class,
        Batch2JobsConfig.class,
        SubscriptionChannelConfig.class,
        ThreadPoolFactoryConfig.class
    })
    static class Store {
        static Set<String> known;

        /** Ids are kept as sent, also those of digits alone; who is referred to need not be on record. */
        @Bean
        JpaStorageSettings storageSettings() {
            var settings = new JpaStorageSettings();
            settings.setResourceClientIdStrategy(ClientIdStrategyEnum.ANY);
            settings.setEnforceReferentialIntegrityOnWrite(false);
            settings.setEnforceReferentialIntegrityOnDelete(false);
            settings.setTreatBaseUrlsAsLocal(known);
            settings.setReuseCachedSearchResultsForMillis(null); // what was loaded a moment ago is found
            return settings;
        }

        @Bean
        PartitionSettings partitionSettings() {
            return new PartitionSettings();
        }

        @Bean
        SubscriptionSettings subscriptionSettings() {
            return new SubscriptionSettings();
        }

        @Bean
        DataSource dataSource() {
            var source = new BasicDataSource();
            source.setUrl("jdbc:h2:mem:fhir");
            source.setMaxTotal(40); // HAPI holds two for a search
            return source;
        }

        @Bean
        LocalContainerEntityManagerFactoryBean entityManagerFactory(
                DataSource source, ConfigurableListableBeanFactory beans, FhirContext fhir, JpaStorageSettings settings) {
            var factory = HapiEntityManagerFactoryUtil.newEntityManagerFactory(beans, fhir, settings);
            factory.setPersistenceUnitName("HAPI_PU");
            factory.setDataSource(source);
            var properties = new Properties();
            properties.put("hibernate.dialect", HapiFhirH2Dialect.class.getName());
            properties.put("hibernate.hbm2ddl.auto", "create");
            properties.put("hibernate.search.enabled", "false");
            factory.setJpaProperties(properties);
            return factory;
        }

        @Bean
        JpaTransactionManager transactionManager(EntityManagerFactory factory) {
            return new JpaTransactionManager(factory);
        }
    }
}
